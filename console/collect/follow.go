package collect

import "context"

// follower runs something by a part of the configuration, and anew by the next. It belongs to the goroutine that calls
// Reconfigure.
type follower struct {
	stop  context.CancelFunc // ends what runs; nil: nothing ever did
	ended chan struct{}      // closed when it has ended
}

// start ends what runs, and then calls run on a goroutine of its own. run returns when ctx has ended.
func (w *follower) start(ctx context.Context, run func(context.Context)) {
	if w.stop != nil {
		w.stop()
	}
	before, ended := w.ended, make(chan struct{})
	ctx, w.stop = context.WithCancel(ctx)
	w.ended = ended
	go func() {
		defer close(ended)
		if before != nil {
			<-before
		}
		run(ctx)
	}()
}
