// This file opens the files that were found. Everything streams: neither a zip nor a compressed file is unpacked to disk or
// held in memory, and what it unpacks to is bounded by the decoder that reads it, a record at a time. Names inside a zip are
// compared and never used as paths.

package logfiles

import (
	"archive/zip"
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/klauspost/compress/flate"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

const (
	readAhead = 256 << 10 // bytes asked of the disk at a time
	// maxWindow bounds the memory of a zstd frame, which may ask for a window of any size: what the zstd program itself
	// allows unless told otherwise.
	maxWindow = 128 << 20
)

// Open reads the file from its beginning, decompressed; it can be opened again and again. stored, when it is not nil, sees
// the bytes of the file as they are stored while they pass, File.Bytes of them in all: it is called by whichever goroutine
// reads, one call at a time. Whether the file is gzip, zstd or plain is told by its first bytes, not by its name.
func (f File) Open(stored io.Writer) (io.ReadCloser, error) {
	raw, err := f.open(stored)
	if err != nil {
		return nil, err
	}
	r := bufio.NewReaderSize(raw, readAhead)
	first, err := r.Peek(4)
	if err != nil && !errors.Is(err, io.EOF) {
		raw.Close()
		return nil, fmt.Errorf("%s: read: %w", f.Name, err)
	}
	switch {
	case bytes.HasPrefix(first, []byte{0x1f, 0x8b}):
		z, err := gzip.NewReader(r)
		if err != nil {
			raw.Close()
			return nil, fmt.Errorf("%s: begins like a gzip file and is none: %w", f.Name, err)
		}
		return &stacked{Reader: z, close: []func() error{z.Close, raw.Close}}, nil
	case bytes.Equal(first, []byte{0x28, 0xb5, 0x2f, 0xfd}):
		z, err := zstd.NewReader(r, zstd.WithDecoderMaxWindow(maxWindow), zstd.WithDecoderConcurrency(2))
		if err != nil {
			raw.Close()
			return nil, fmt.Errorf("%s: begins like a zstd file and is none: %w", f.Name, err)
		}
		return &stacked{Reader: z, close: []func() error{func() error { z.Close(); return nil }, raw.Close}}, nil
	case bytes.HasPrefix(first, []byte("PK\x03\x04")):
		raw.Close()
		return nil, fmt.Errorf("%s: this is a zip under another name; give it the ending .zip, or unpack it", f.Name)
	}
	return &stacked{Reader: r, close: []func() error{raw.Close}}, nil
}

func openPlain(name string, stored io.Writer) (io.ReadCloser, error) {
	f, err := os.Open(name)
	if err != nil || stored == nil {
		return f, err
	}
	return &stacked{Reader: io.TeeReader(f, stored), close: []func() error{f.Close}}, nil
}

// openInZip opens the entry called name of the zip at p, checked against its sum at its end.
func openInZip(p, name string, stored io.Writer) (io.ReadCloser, error) {
	f, err := os.Open(p)
	if err != nil {
		return nil, err
	}
	opened := false
	defer func() {
		if !opened {
			f.Close()
		}
	}()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	counted := &countedAt{f: f}
	z, err := zip.NewReader(counted, info.Size())
	if err != nil {
		return nil, fmt.Errorf("%s: not a zip that can be read: %w", p, err)
	}
	z.RegisterDecompressor(zip.Deflate, func(r io.Reader) io.ReadCloser { return flate.NewReader(bufio.NewReaderSize(r, readAhead)) })
	z.RegisterDecompressor(zstd.ZipMethodWinZip, zstd.ZipDecompressor(zstd.WithDecoderMaxWindow(maxWindow), zstd.WithDecoderConcurrency(1)))
	for _, entry := range z.File {
		if entry.Name != name {
			continue
		}
		if entry.Flags&1 != 0 {
			return nil, fmt.Errorf("%s: %s is encrypted; unpack it with its password first", p, name)
		}
		from, err := entry.DataOffset()
		if err != nil {
			return nil, fmt.Errorf("%s: %s: %w", p, name, err)
		}
		r, err := entry.Open()
		if err != nil {
			return nil, fmt.Errorf("%s: %s: %w", p, name, err)
		}
		counted.stored, counted.from, counted.to = stored, from, from+int64(entry.CompressedSize64)
		opened = true
		return &stacked{Reader: r, close: []func() error{r.Close, f.Close}}, nil
	}
	return nil, fmt.Errorf("%s: %s is no longer in it", p, name)
}

// countedAt shows the bytes of one entry of a zip, those in [from, to), to stored as they are read.
type countedAt struct {
	f        *os.File
	stored   io.Writer // nil until the entry is open
	from, to int64
}

func (c *countedAt) ReadAt(p []byte, at int64) (int, error) {
	n, err := c.f.ReadAt(p, at)
	if c.stored != nil {
		if lo, hi := max(at, c.from), min(at+int64(n), c.to); lo < hi {
			if _, werr := c.stored.Write(p[lo-at : hi-at]); werr != nil && err == nil {
				err = werr
			}
		}
	}
	return n, err
}

// stacked closes what a reader was opened on, in order.
type stacked struct {
	io.Reader
	close []func() error
}

func (s *stacked) Close() error {
	var errs []error
	for _, c := range s.close {
		errs = append(errs, c())
	}
	return errors.Join(errs...)
}
