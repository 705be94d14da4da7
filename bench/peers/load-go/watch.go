package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"time"
)

const (
	configMaps = "/api/v1/namespaces/default/configmaps"
	watched    = "load-watched"
	// longest that a watch may take.
	longest = 120 * time.Second
)

// watch has o.clients watchers of ConfigMaps, each with a connection of its own, and changes one ConfigMap
// o.count times, one after the other. The time runs from the first change until each has heard of the last.
func watch(o options) (result, error) {
	c, err := newConnector(o)
	if err != nil {
		return result{}, err
	}
	writer := c.client()
	// What an earlier run has left.
	_, _ = c.send(writer, http.MethodDelete, configMaps+"/"+watched, nil)
	if _, err := c.send(writer, http.MethodPost, configMaps, configMap(0)); err != nil {
		return result{}, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), longest)
	defer cancel()
	w := &watchers{connector: c, events: o.count, heard: make([][]time.Time, o.clients)}
	if err := w.open(ctx, o.clients); err != nil {
		return result{}, err
	}
	written := make([]time.Time, o.count)
	start := time.Now()
	for i := range o.count {
		if _, err := c.send(writer, http.MethodPut, configMaps+"/"+watched, configMap(i+1)); err != nil {
			return result{}, err
		}
		written[i] = time.Now()
	}
	err = w.wait()
	total := time.Since(start)
	if err != nil {
		return result{}, err
	}
	return w.summary(total, written), nil
}

func configMap(number int) []byte {
	return fmt.Appendf(nil, `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":%q},"data":{"number":"%d","text":%q}}`,
		watched, number, bytes.Repeat([]byte("x"), 500))
}

type watchers struct {
	connector *connector
	events    int
	// heard is when each watcher has heard of each change.
	heard  [][]time.Time
	work   sync.WaitGroup
	mutex  sync.Mutex
	failed []error
	bytes  int64
}

// open returns when all watchers have been answered.
func (w *watchers) open(ctx context.Context, count int) error {
	// Many handshakes at once only wait for each other.
	places := make(chan struct{}, 16)
	opened := make([]error, count)
	var opening sync.WaitGroup
	for i := range count {
		places <- struct{}{}
		opening.Go(func() {
			defer func() { <-places }()
			opened[i] = w.start(ctx, i)
		})
	}
	opening.Wait()
	return errors.Join(opened...)
}

// start answers when the watcher has seen what is there.
func (w *watchers) start(ctx context.Context, number int) error {
	path := configMaps + "?watch=true&fieldSelector=metadata.name%3D" + watched
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, w.connector.server+path, nil)
	if err != nil {
		return err
	}
	answer, err := w.connector.client().Do(request)
	if err != nil {
		return err
	}
	if answer.StatusCode != http.StatusOK {
		return errors.New(answer.Status)
	}
	lines := bufio.NewReaderSize(answer.Body, 1<<16)
	if _, err := lines.ReadBytes('\n'); err != nil {
		return err
	}
	w.work.Go(func() {
		defer answer.Body.Close()
		size, heard, err := w.listen(lines)
		w.heard[number] = heard
		w.mutex.Lock()
		defer w.mutex.Unlock()
		w.bytes += size
		if err != nil {
			w.failed = append(w.failed, err)
		}
	})
	return nil
}

// listen reads until the last change, and refuses one that comes out of turn.
func (w *watchers) listen(lines *bufio.Reader) (int64, []time.Time, error) {
	heard := make([]time.Time, 0, w.events)
	var size int64
	for len(heard) < w.events {
		line, err := lines.ReadSlice('\n')
		if err != nil {
			return size, heard, err
		}
		size += int64(len(line))
		want := `"number":"` + strconv.Itoa(len(heard)+1) + `"`
		if !bytes.Contains(line, []byte(want)) {
			return size, heard, fmt.Errorf("expected change %d, got %.200s", len(heard)+1, line)
		}
		heard = append(heard, time.Now())
	}
	return size, heard, nil
}

func (w *watchers) wait() error {
	w.work.Wait()
	return errors.Join(w.failed...)
}

func (w *watchers) summary(total time.Duration, written []time.Time) result {
	delays := make([]time.Duration, 0, len(written)*len(w.heard))
	for _, heard := range w.heard {
		for i, at := range heard {
			delays = append(delays, max(0, at.Sub(written[i])))
		}
	}
	return summary(total, delays, w.bytes)
}
