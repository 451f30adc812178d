package segue

// Progress is told how far long work is: whenever a step begins, now and then within it, and when
// it ends. Calls never overlap. nil is no progress.
type Progress func(Step)

// Step is one moment of one step of long work.
type Step struct {
	Name  string // "ingest impression_data", "analyse: active users by province"
	Unit  Unit   // what Done and Total count
	Done  int64
	Total int64 // 0 when it cannot be known
	Rows  int64 // rows behind us, where the unit is not rows; 0 when there are none
}

// Unit is what a step counts.
type Unit string

const (
	Bytes       Unit = "bytes"
	Impressions Unit = "impressions"
	Questions   Unit = "questions"
	Users       Unit = "users"
	Steps       Unit = "steps"
)

func (p Progress) tell(s Step) {
	if p != nil {
		p(s)
	}
}
