package sample

import (
	"strings"
	"time"

	"hypervisor-tui/sample/procfile"
)

const hugepages = "/sys/kernel/mm/hugepages/"

// hugePool is the files of the huge pages of one size.
type hugePool struct {
	pages HugePages
	files [3]procfile.File // total, free, reserved
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
	for i, into := range [...]*uint64{&p.pages.Total, &p.pages.Free, &p.pages.Reserved} {
		n, err := p.files[i].Number()
		if err != nil {
			return err
		}
		*into = n
	}
	return nil
}

func (r *hugepagesReader) close() {
	for i := range r.pools {
		for j := range r.pools[i].files {
			r.pools[i].files[j].Close()
		}
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
			pages: HugePages{Size: size * 1024},
			files: [3]procfile.File{procfile.New(r.root, dir+"nr_hugepages"), procfile.New(r.root, dir+"free_hugepages"), procfile.New(r.root, dir+"resv_hugepages")},
		})
	}
	if r.pools == nil {
		return errNoHugePages
	}
	return nil
}
