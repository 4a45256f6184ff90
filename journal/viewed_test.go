package journal

// viewedLog is a Log with a view that has asked for everything and no rows.
type viewedLog struct {
	*Log
	*View
}

func viewed(capacity int, tabs []Tab) *viewedLog {
	l := New(capacity, tabs)
	v, err := l.NewView()
	if err != nil {
		panic(err)
	}
	v.query(&Query{Filter: everything})
	v.asking = false
	return &viewedLog{l, v}
}
