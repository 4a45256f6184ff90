package tty

// Ring sends what makes the terminal sound, as bytes that alert/bell has made. Like any write it waits for nothing.
func (t *Terminal) Ring(bytes []byte) {
	_, _ = t.Write(bytes) // a terminal that is gone is reported elsewhere
}
