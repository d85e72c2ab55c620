// Verifies a log's files with Go's own libraries (golang.org/x/mod/sumdb): the note, the root from the tiles, every entry's proof, and
// that the log begins with each smaller one whose root is given. Arguments: folder, key, then size=root in base64 …
package main

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

type files struct{ folder string }

func (f files) Height() int { return 8 }

func (f files) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	var all [][]byte
	for _, tile := range tiles {
		// Go's paths name the height.
		data, err := os.ReadFile(filepath.Join(f.folder, strings.Replace(tile.Path(), "tile/8/", "tile/", 1)))
		if err != nil {
			return nil, err
		}
		all = append(all, data)
	}
	return all, nil
}

func (f files) SaveTiles([]tlog.Tile, [][]byte) {}

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func main() {
	f := files{os.Args[1]}
	verifier, err := note.NewVerifier(os.Args[2])
	must(err)
	text, err := os.ReadFile(filepath.Join(f.folder, "checkpoint"))
	must(err)
	opened, err := note.Open(text, note.VerifierList(verifier))
	must(err)
	lines := strings.Split(opened.Text, "\n")
	size, err := strconv.ParseInt(lines[1], 10, 64)
	must(err)
	root, err := tlog.ParseHash(lines[2])
	must(err)
	hashes := tlog.TileHashReader(tlog.Tree{N: size, Hash: root}, f)
	computed, err := tlog.TreeHash(size, hashes)
	must(err)
	if computed != root {
		must(fmt.Errorf("the tiles lead to %v, not %v", computed, root))
	}
	for index := int64(0); index < size; {
		width := size - index
		path := fmt.Sprintf("tile/entries/%03d", index/256)
		if width < 256 {
			path = fmt.Sprintf("%s.p/%d", path, width)
		}
		bundle, err := os.ReadFile(filepath.Join(f.folder, path))
		must(err)
		for ; len(bundle) > 0; index++ {
			length := binary.BigEndian.Uint16(bundle)
			proof, err := tlog.ProveRecord(size, index, hashes)
			must(err)
			must(tlog.CheckRecord(proof, size, root, index, tlog.RecordHash(bundle[2:2+length])))
			bundle = bundle[2+length:]
		}
	}
	for _, given := range os.Args[3:] {
		before, hash, _ := strings.Cut(given, "=")
		smaller, err := strconv.ParseInt(before, 10, 64)
		must(err)
		raw, err := base64.StdEncoding.DecodeString(hash)
		must(err)
		var old tlog.Hash
		copy(old[:], raw)
		proof, err := tlog.ProveTree(size, smaller, hashes)
		must(err)
		must(tlog.CheckTree(proof, size, root, smaller, old))
	}
	fmt.Printf("%s %d\n", lines[0], size)
}
