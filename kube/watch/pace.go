package watch

import (
	"context"
	"math/rand/v2"
	"time"
)

// pace is how long things may take and how often they are tried.
type pace struct {
	rescans      time.Duration // between two looks at the kubeconfig
	files        time.Duration // after which one is said to be not answering
	publish      time.Duration // between two States, at least
	slowest      time.Duration // between two States, at most, while something changes
	probes       time.Duration // between two questions whether the API server is ready
	timeout      time.Duration // for an answer, connecting included, and for an object to be whole once it has begun
	connect      time.Duration // of timeout, so that it is known what took so long
	grace        time.Duration // for which what was followed until now may fail before the cluster is called anything but well
	idle         time.Duration // without even a bookmark, which a server sends each minute
	lasts        time.Duration // after which the server ends a watch by itself
	betweenLists time.Duration // of one kind, however often it fails
	polls        time.Duration // between two lists of what cannot be watched
	askAgain     time.Duration // for a kind that is forbidden or not installed
	good         time.Duration // a watch that lasted so long was a good one
	whole        time.Duration // for a list to be whole
	givenUp      time.Duration // before a list that had no end is tried again
	shortest     time.Duration // wait after a failure
	longest      time.Duration
}

func usualPace() pace {
	return pace{
		rescans:      5 * time.Second,
		files:        2 * time.Second,
		publish:      time.Second,
		slowest:      10 * time.Second,
		probes:       3 * time.Second, // with timeout and publish, what is wrong is shown within 10 seconds
		timeout:      5 * time.Second,
		connect:      4 * time.Second,
		grace:        5 * time.Second,
		idle:         150 * time.Second,
		lasts:        5 * time.Minute,
		betweenLists: 6 * time.Second,
		polls:        30 * time.Second,
		askAgain:     15 * time.Second,
		good:         30 * time.Second,
		whole:        3 * time.Minute,
		givenUp:      5 * time.Minute,
		shortest:     time.Second,
		longest:      30 * time.Second,
	}
}

// untilPoll is the time until what was so many objects is listed again: twice as long for many, each of which is up to 2 kB
// of JSON.
func (p *pace) untilPoll(objects int) time.Duration {
	if objects >= manyPolled {
		return 2 * p.polls
	}
	return p.polls
}

const manyPolled = 500

// backoff counts failures in a row.
type backoff uint

// wait is the time until the next try: longer each time, never quite the same.
func (p *pace) wait(b *backoff) time.Duration {
	base := min(p.shortest<<min(*b, 6), p.longest)
	*b++
	return min(max(base*3/4+rand.N(base/2), p.shortest), p.longest)
}

func sleep(ctx context.Context, d time.Duration) {
	if d <= 0 {
		return
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}
