package main

import (
	"os"
	"path/filepath"
	"sort"
	"sync"
)

// file is one file of a place; path is relative to the place's root.
type file struct {
	path    string
	content []byte
	mode    os.FileMode
	// key: it has to be on disk before what is made from it.
	key bool
}

// writer puts the files of one place below root.
type writer func(root string, files []file) error

// writePlain is what most programs do: nothing is promised about a power cut.
func writePlain(root string, files []file) error {
	for _, f := range files {
		path := filepath.Join(root, f.path)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, f.content, f.mode); err != nil {
			return err
		}
	}
	return nil
}

// writeDurable gives what kubepki gives: each file is whole or absent at any instant, all are on
// disk on return, and no certificate gets there before its key.
func writeDurable(root string, files []file) error {
	var keys, others []file
	for _, f := range files {
		if f.key {
			keys = append(keys, f)
		} else {
			others = append(others, f)
		}
	}
	if err := writeRound(root, keys); err != nil {
		return err
	}
	return writeRound(root, others)
}

// writeRound writes files to temporary names, syncs them all at once, renames them, and syncs the
// directories whose entries have changed.
func writeRound(root string, files []file) error {
	touched := map[string]bool{}
	for _, f := range files {
		if err := makeDirectory(filepath.Join(root, filepath.Dir(f.path)), touched); err != nil {
			return err
		}
	}
	err := inParallel(len(files), func(i int) error {
		return writeTemporary(temporary(filepath.Join(root, files[i].path)), files[i])
	})
	if err != nil {
		return err
	}
	for _, f := range files {
		path := filepath.Join(root, f.path)
		if err := os.Rename(temporary(path), path); err != nil {
			return err
		}
	}
	paths := make([]string, 0, len(touched))
	for path := range touched {
		paths = append(paths, path)
	}
	sort.Strings(paths)
	return inParallel(len(paths), func(i int) error { return syncPath(paths[i]) })
}

func temporary(path string) string {
	return filepath.Join(filepath.Dir(path), "."+filepath.Base(path)+".tmp")
}

func writeTemporary(path string, f file) error {
	out, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, f.mode)
	if err != nil {
		return err
	}
	_, err = out.Write(f.content)
	if err == nil {
		err = out.Sync()
	}
	if closing := out.Close(); err == nil {
		err = closing
	}
	return err
}

// makeDirectory makes a directory with its parents and notes each one whose entries change. The
// directory that all hosts share is left out: it is synced once, at the end.
func makeDirectory(path string, touched map[string]bool) error {
	touched[path] = true
	if err := os.Mkdir(path, 0o755); err == nil || os.IsExist(err) {
		if parent := filepath.Dir(path); err == nil && filepath.Base(parent) != "hosts" {
			touched[parent] = true
		}
		return nil
	} else if !os.IsNotExist(err) {
		return err
	}
	if err := makeDirectory(filepath.Dir(path), touched); err != nil {
		return err
	}
	return makeDirectory(path, touched)
}

func syncPath(path string) error {
	opened, err := os.Open(path)
	if err != nil {
		return err
	}
	err = opened.Sync()
	if closing := opened.Close(); err == nil {
		err = closing
	}
	return err
}

// inParallel runs n calls at once and gives the first error.
func inParallel(n int, work func(i int) error) error {
	errors := make([]error, n)
	var group sync.WaitGroup
	for i := range n {
		group.Go(func() { errors[i] = work(i) })
	}
	group.Wait()
	for _, err := range errors {
		if err != nil {
			return err
		}
	}
	return nil
}
