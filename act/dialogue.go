package act

import "time"

// Stage is where a Dialogue stands.
type Stage uint8

// The stages.
const (
	Connecting Stage = iota // Welcome has not come
	Choosing                // Welcome has come, or an Outcome
	Planning                // an Ask is under way
	Deciding                // Planned has come
	Doing                   // a Commit is under way
	Gone                    // there is no connection: Err says why
)

// Dialogue is what the console knows of a conversation with the helper.
type Dialogue struct {
	Stage    Stage
	Err      string    // of Gone, in words
	Welcome  *Welcome  // nil before it has come
	Ask      Ask       // of Planning and what follows
	Planned  *Planned  // of Deciding and Doing
	Expires  time.Time // of Planned: when it can be committed no more
	Progress *Progress // of Doing, nil before the first
	Done     *Outcome  // how the last verb ended, and Refused or Failed in its place
	Refused  *Outcome
	Failed   *Outcome
}

// Asked takes in that r is sent.
func (d *Dialogue) Asked(r *Request) {
	switch {
	case r.Plan != nil:
		d.Stage, d.Ask, d.Planned, d.Progress, d.Done, d.Refused, d.Failed = Planning, *r.Plan, nil, nil, nil, nil, nil
	case r.Commit != nil:
		d.Stage, d.Progress, d.Refused = Doing, nil, nil
	}
}

// Answered takes in what the helper says.
func (d *Dialogue) Answered(r *Reply, now time.Time) {
	switch {
	case r.Welcome != nil:
		d.Welcome = r.Welcome
		if d.Stage == Connecting {
			d.Stage = Choosing
		}
	case r.Planned != nil && d.Stage == Planning:
		d.Stage, d.Planned, d.Expires = Deciding, r.Planned, now.Add(PlanLasts)
	case r.Progress != nil && d.Stage == Doing:
		d.Progress = r.Progress
	case r.Done != nil && d.Stage == Doing:
		d.Stage, d.Done, d.Planned = Choosing, r.Done, nil
	case r.Failed != nil && d.Stage == Doing:
		d.Stage, d.Failed, d.Planned = Choosing, r.Failed, nil
	case r.Refused != nil && (d.Stage == Planning || d.Stage == Doing):
		d.Refused, d.Progress = r.Refused, nil
		if d.Stage == Doing && d.Planned != nil && !r.Refused.Over { // a slip of the fingers, or a wrong code
			d.Stage = Deciding
			return
		}
		d.Stage, d.Planned = Choosing, nil
	}
}

// End takes in why there is no connection any more.
func (d *Dialogue) End(why string) {
	if d.Stage == Doing {
		d.Failed = &Outcome{Text: "the helper has gone in the middle of it: look at what has become of it"}
	}
	d.Stage, d.Err, d.Planned, d.Progress = Gone, why, nil, nil
}
