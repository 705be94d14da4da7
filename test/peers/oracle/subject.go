package main

import (
	"crypto/x509/pkix"
	"encoding/asn1"
)

var (
	commonName       = asn1.ObjectIdentifier{2, 5, 4, 3}
	organization     = asn1.ObjectIdentifier{2, 5, 4, 10}
	domainComponent  = asn1.ObjectIdentifier{0, 9, 2342, 19200300, 100, 1, 25}
	emailAddress     = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 1}
	unknownAttribute = asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 99999, 7}
)

// Values that a name's printer or parser could get wrong: RFC 4514, section 2.4 escapes.
var awkwardValues = []string{
	"system:masters", "system:node:cp-1", "a, b", "a+b=c", "#hash", " space in front", "space behind ",
	`quote " and \ back`, "<less; more>", "Zürich", "東京", "😀", "dash - and.dot", "tab\there",
}

// subject draws a distinguished name: empty, one RDN an attribute, or with RDNs of several attributes.
func (m *maker) subject() ([]byte, error) {
	sequence := pkix.RDNSequence{}
	if m.chance(12) {
		return asn1.Marshal(sequence)
	}
	for range 1 + m.random.IntN(4) {
		set := pkix.RelativeDistinguishedNameSET{m.attribute(commonName)}
		switch m.random.IntN(5) {
		case 0, 1:
			set[0] = m.attribute(organization)
		case 2:
			set = append(set, m.attribute(organization), m.attribute(unknownAttribute))
		case 3:
			set = pkix.RelativeDistinguishedNameSET{ascii(domainComponent, "sample"), ascii(emailAddress, "who@sample.example")}
		}
		sequence = append(sequence, set)
	}
	return asn1.Marshal(sequence)
}

// attribute picks the value, and UTF8String or what encoding/asn1 picks for it (PrintableString where
// that can hold it).
func (m *maker) attribute(kind asn1.ObjectIdentifier) pkix.AttributeTypeAndValue {
	value := awkwardValues[m.random.IntN(len(awkwardValues))]
	if m.chance(2) {
		return pkix.AttributeTypeAndValue{Type: kind, Value: value}
	}
	raw := asn1.RawValue{Class: asn1.ClassUniversal, Tag: asn1.TagUTF8String, Bytes: []byte(value)}
	return pkix.AttributeTypeAndValue{Type: kind, Value: raw}
}

func ascii(kind asn1.ObjectIdentifier, value string) pkix.AttributeTypeAndValue {
	raw := asn1.RawValue{Class: asn1.ClassUniversal, Tag: asn1.TagIA5String, Bytes: []byte(value)}
	return pkix.AttributeTypeAndValue{Type: kind, Value: raw}
}
