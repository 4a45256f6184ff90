package sample

import (
	"strings"
	"time"

	"hypervisor-tui/sample/procfile"
)

const hugepages = "/sys/kernel/mm/hugepages/"

// hugePool is the files of the huge pages of one size.
type hugePool struct {
	pages                 HugePages
	total, free, reserved procfile.File
}

// hugepagesReader reads /sys/kernel/mm/hugepages. Which sizes there are is settled at boot, so that the directory is
// listed but once.
type hugepagesReader struct {
	root  string
	pools []hugePool
	none  error // why there are no pools, and never will be
}

func (r *hugepagesReader) read(_ time.Duration, h *Host, _ *Net) error {
	if r.none != nil {
		return r.none
	}
	if r.pools == nil {
		if err := r.find(); err != nil {
			if absent(err) {
				r.none = err
			}
			return err
		}
	}
	for i := range r.pools {
		if err := r.pools[i].read(); err != nil {
			return err
		}
	}
	h.Huge = h.Huge[:0]
	for i := range r.pools {
		h.Huge = append(h.Huge, r.pools[i].pages)
	}
	return nil
}

func (p *hugePool) read() error {
	for _, f := range [...]struct {
		file *procfile.File
		into *uint64
	}{{&p.total, &p.pages.Total}, {&p.free, &p.pages.Free}, {&p.reserved, &p.pages.Reserved}} {
		text, err := f.file.Read()
		if err != nil {
			return err
		}
		line, _ := procfile.CutLine(text)
		if *f.into, err = procfile.Number(line); err != nil {
			return f.file.Fail(err)
		}
	}
	return nil
}

func (r *hugepagesReader) close() {
	for i := range r.pools {
		r.pools[i].total.Close()
		r.pools[i].free.Close()
		r.pools[i].reserved.Close()
	}
}

// find lists the sizes, the smallest first. It allocates.
//
// Kernel: Documentation/admin-guide/mm/hugetlbpage.rst
func (r *hugepagesReader) find() error {
	names, err := list(r.root + hugepages)
	if err != nil {
		return &procfile.ReadError{Name: hugepages, Cause: procfile.Cause(err)}
	}
	for _, name := range names {
		figure, isSize := strings.CutPrefix(name, "hugepages-")
		figure, inKiB := strings.CutSuffix(figure, "kB")
		size, err := procfile.Number([]byte(figure))
		if !isSize || !inKiB || err != nil || size > 1<<40 {
			continue
		}
		dir := hugepages + name + "/"
		r.pools = append(r.pools, hugePool{
			pages:    HugePages{Size: size * 1024},
			total:    procfile.New(r.root, dir+"nr_hugepages"),
			free:     procfile.New(r.root, dir+"free_hugepages"),
			reserved: procfile.New(r.root, dir+"resv_hugepages"),
		})
	}
	if r.pools == nil {
		return errNoHugePages
	}
	return nil
}
