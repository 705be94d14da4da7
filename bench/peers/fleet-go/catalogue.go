package main

import "net"

// What lies where: kubeadm's layout, as kubepki makes it for an etcd member on the control plane and
// kubelet certificates made ahead.

const (
	kubernetes = "etc/kubernetes/"
	pkiDir     = "etc/kubernetes/pki/"
	masters    = "system:masters"
)

func (pki *authorities) administrator(cluster *fleet) ([]file, error) {
	admin, err := pki.kubeconfig("admin.conf", cluster, cluster.Endpoint,
		leaf{commonName: "kubernetes-admin", organization: "kubeadm:cluster-admins"})
	if err != nil {
		return nil, err
	}
	super, err := pki.kubeconfig("super-admin.conf", cluster, cluster.Endpoint,
		leaf{commonName: "kubernetes-super-admin", organization: masters})
	return []file{admin, super}, err
}

func (pki *authorities) host(cluster *fleet, machine host) ([]file, error) {
	files, err := pki.node(cluster, machine)
	if err != nil || !machine.ControlPlane {
		return files, err
	}
	more, err := pki.controlPlane(cluster, machine)
	return append(files, more...), err
}

// node is what every machine with a kubelet holds.
func (pki *authorities) node(cluster *fleet, machine host) ([]file, error) {
	user := "system:node:" + machine.Name
	kubelet, err := pki.kubeconfig(kubernetes+"kubelet.conf", cluster, cluster.Endpoint,
		leaf{commonName: user, organization: "system:nodes"})
	if err != nil {
		return nil, err
	}
	proxy, err := pki.kubeconfig(kubernetes+"kube-proxy.conf", cluster, cluster.Endpoint,
		leaf{commonName: "system:kube-proxy"})
	if err != nil {
		return nil, err
	}
	serving, err := pki.pair("var/lib/kubelet/pki/kubelet", leaf{by: pki.cluster, commonName: user,
		organization: "system:nodes", usages: server,
		dns: []string{machine.Name}, ips: machine.Addresses})
	return append(serving, open(pkiDir+"ca.crt", pki.cluster.pem), kubelet, proxy), err
}

func (pki *authorities) controlPlane(cluster *fleet, machine host) ([]file, error) {
	files := []file{
		secret(pkiDir+"ca.key", pki.cluster.keyPem),
		open(pkiDir+"etcd/ca.crt", pki.etcd.pem),
		open(pkiDir+"front-proxy-ca.crt", pki.front.pem),
		secret(pkiDir+"sa.key", pki.saKey),
		open(pkiDir+"sa.pub", pki.saPublic),
	}
	member := leaf{by: pki.etcd, commonName: machine.Name, usages: peer,
		dns: []string{machine.Name, "localhost"},
		ips: append([]string{"127.0.0.1", "::1"}, machine.Addresses...)}
	for base, l := range map[string]leaf{
		"etcd/peer":               member,
		"etcd/server":             member,
		"etcd/healthcheck-client": {by: pki.etcd, commonName: "kube-etcd-healthcheck-client", usages: client},
		"apiserver-etcd-client":   {by: pki.etcd, commonName: "kube-apiserver-etcd-client", usages: client},
		"apiserver": {by: pki.cluster, commonName: "kube-apiserver", usages: server,
			dns: append([]string{machine.Name}, cluster.Names...),
			ips: append(machine.Addresses[:1:1], cluster.IPs...)},
		"apiserver-kubelet-client": {by: pki.cluster, commonName: "kube-apiserver-kubelet-client", usages: client},
		"front-proxy-client":       {by: pki.front, commonName: "front-proxy-client", usages: client},
	} {
		pair, err := pki.pair(pkiDir+base, l)
		if err != nil {
			return nil, err
		}
		files = append(files, pair...)
	}
	local := "https://" + net.JoinHostPort(machine.Addresses[0], "6443")
	for path, user := range map[string]string{
		"controller-manager.conf": "system:kube-controller-manager",
		"scheduler.conf":          "system:kube-scheduler",
	} {
		config, err := pki.kubeconfig(kubernetes+path, cluster, local, leaf{commonName: user})
		if err != nil {
			return nil, err
		}
		files = append(files, config)
	}
	return files, nil
}
