// Every number of the model lives in one file, parameters.json, which the fit
// writes (see Fit). This file gives it its shape.

package village

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"math"
)

//go:embed parameters.json
var parametersJSON []byte

// params is the model's parameters. The package comment states the formulas
// that they stand in.
type params struct {
	Arrival  arrivalParams  `json:"arrival"`
	Page     pageParams     `json:"page"`
	Appetite appetiteParams `json:"appetite"`
	Click    clickParams    `json:"click"`
	People   peopleParams   `json:"people"`
	Level    levelParams    `json:"level"`
	Cards    cardParams     `json:"cards"`
	Creators creatorParams  `json:"creators"`
}

// arrivalParams say when users come.
type arrivalParams struct {
	Day       [30]float64 `json:"day"`        // relative chance of a visit by day of the month; holds weekday and trend
	Hour      [24]float64 `json:"hour"`       // relative chance of a visit by hour of the day, UTC+8
	SameDay   float64     `json:"same_day"`   // chance that a further visit falls on the day of the one before it
	VisitMu   float64     `json:"visit_mu"`   // log of the mean number of further visits a month
	VisitSD   float64     `json:"visit_sd"`   // its spread between users
	VisitKeen float64     `json:"visit_keen"` // how it rises with keenness
	VisitTail float64     `json:"visit_tail"` // how it rises with keenness above one standard deviation
	VisitNew  float64     `json:"visit_new"`  // and with newness, which is 1 at registration and falls to 1/e in six months
	VisitCap  float64     `json:"visit_cap"`  // further visits a month that nobody's mean passes
}

// pageParams describe the first page and the screens below it.
type pageParams struct {
	StartZero float64    `json:"start_zero"` // chance that the page's slots count from 0
	Four      float64    `json:"four"`       // chance of four cards in sight rather than three
	Habit     float64    `json:"habit"`      // share of users whose pages always have the same first slot and the same number of cards
	Streams   float64    `json:"streams"`    // chance that both streams report their slots
	Reshow    float64    `json:"reshow"`     // chance that a passing visit on a later day meets the page kept from before
	Screen    [4]float64 `json:"screen"`     // relative chance of 1, 2, 3, 4 cards a further screen
	Skip      float64    `json:"skip"`       // chance that a slot is scrolled past unseen
}

// appetiteParams say whether a visit becomes browsing, and how far it goes.
type appetiteParams struct {
	Mu        float64 `json:"mu"`         // logit of the chance to browse
	SD        float64 `json:"sd"`         // its spread between users
	DepthMu   float64 `json:"depth_mu"`   // log of the mean number of further screens
	DepthSD   float64 `json:"depth_sd"`   // its spread between users
	DepthKeen float64 `json:"depth_keen"` // how it rises with keenness
	VisitSD   float64 `json:"visit_sd"`   // spread of log depth between a user's visits
	DepthCap  float64 `json:"depth_cap"`  // screens that nobody's mean passes
}

// clickParams make up the chance of a click and what follows it.
type clickParams struct {
	Mu           float64    `json:"mu"`            // log of the click chance of a card in full view
	SD           float64    `json:"sd"`            // its spread between users
	Volume       float64    `json:"volume"`        // how it changes with keenness: the keen click less often than they look
	Floor        float64    `json:"floor"`         // examination far down the feed, browsing
	Decay        float64    `json:"decay"`         // slots over which examination falls to the floor
	GlanceTop    float64    `json:"glance_top"`    // examination of the first slot in passing
	GlanceFall   float64    `json:"glance_fall"`   // fall of log examination per slot in passing
	Mood         float64    `json:"mood"`          // change of log click chance per unit of a visit's mood, which also says how far it goes
	Fatigue      float64    `json:"fatigue"`       // factor on the chance for each earlier show of the card
	AppealSD     float64    `json:"appeal_sd"`     // spread of log appeal between cards
	TasteSD      float64    `json:"taste_sd"`      // spread of log taste match between users and cards
	NoView       float64    `json:"no_view"`       // share of clicks without a view time
	ViewMedian   float64    `json:"view_median"`   // seconds
	ViewSD       float64    `json:"view_sd"`       // spread of log view time
	Like         float64    `json:"like"`          // chance per click at mean engagement with the app
	LikeSlope    float64    `json:"like_slope"`    // change of its log per unit of engagement
	LikeBend     float64    `json:"like_bend"`     // and per its square
	LikeTwist    float64    `json:"like_twist"`    // and per its cube
	Read         float64    `json:"read"`          // chance per click to open the comments, and its slope and bend
	ReadSlope    float64    `json:"read_slope"`    //
	ReadBend     float64    `json:"read_bend"`     //
	ReadTwist    float64    `json:"read_twist"`    //
	Comment      float64    `json:"comment"`       // chance per click
	Share        float64    `json:"share"`         // chance per click
	Visit        float64    `json:"visit"`         // chance per click to visit the creator
	Follow       float64    `json:"follow"`        // chance per click to follow the creator (daily statistics only)
	Swipe        float64    `json:"swipe"`         // chance per click that a swipe session follows
	SwipeMu      float64    `json:"swipe_mu"`      // log of its length
	SwipeSD      float64    `json:"swipe_sd"`      // spread of log length
	SwipeLike    float64    `json:"swipe_like"`    // chance per swiped card
	SwipeRead    float64    `json:"swipe_read"`    //
	Deep         float64    `json:"deep"`          // change of log click chance per standard deviation of depth that is not keenness
	Engaged      float64    `json:"engaged"`       // per unit of engagement with the app
	EngagedBend  float64    `json:"engaged_bend"`  // and per its square
	EngagedTwist float64    `json:"engaged_twist"` // and per its cube
	Tenure       [7]float64 `json:"tenure"`        // change of log click chance at the knots of tenureKnots
}

// tenureKnots are the months between which effects of tenure are linear.
var tenureKnots = [7]float64{0, 1.5, 4.5, 9, 24, 50, 66}

// peopleParams are the population and how keenness depends on who one is.
type peopleParams struct {
	Provinces   []province  `json:"provinces"`
	Tenure      [81]float64 `json:"tenure"`       // relative number of users by months since registration
	TenureWrong float64     `json:"tenure_wrong"` // share whose months are an error above 80
	NoRow       float64     `json:"no_row"`       // share without a demographics row
	NoProfile   float64     `json:"no_profile"`   // share with gender and age null
	UnknownSex  float64     `json:"unknown_sex"`  // share with gender "unknown"
	Male        float64     `json:"male"`         // share of male among those with a gender
	AgeMale     ageParams   `json:"age_male"`     // ages of men
	AgeFemale   ageParams   `json:"age_female"`   // and of women
	Follows     quantiles   `json:"follows"`      // followed accounts
	KeenMale    float64     `json:"keen_male"`    // shift of the logit of appetite of men
	KeenFemale  float64     `json:"keen_female"`  // and of women
	KeenAgeM    float64     `json:"keen_age_m"`   // and per year of age above 21, men
	KeenAgeF    float64     `json:"keen_age_f"`   // and women
	KeenTenure  [7]float64  `json:"keen_tenure"`  // and at the knots of tenureKnots
	KeenNull    float64     `json:"keen_null"`    // and of users without a profile
}

// ageParams are a normal curve over the years from 11 to 57, with an excess of
// the young and a thin tail of the old.
type ageParams struct {
	Mean  float64 `json:"mean"`
	SD    float64 `json:"sd"`
	Young float64 `json:"young"` // factor on ages up to 16
	Old   float64 `json:"old"`   // height of an exponential tail above the mean, of 8 years
}

// weights are the relative numbers by age from 11.
func (a ageParams) weights() []float64 {
	w := make([]float64, 47)
	for i := range w {
		z := (float64(11+i) - a.Mean) / a.SD
		w[i] = math.Exp(-z * z / 2)
		if z > 0 {
			w[i] += a.Old * math.Exp(-z*a.SD/8)
		}
		if 11+i <= 16 {
			w[i] *= a.Young
		}
	}
	return w
}

// province is one value of the users' province.
type province struct {
	Name  string  `json:"name"`
	Users float64 `json:"users"` // relative number of users
	Keen  float64 `json:"keen"`  // shift of the logit of appetite
}

// levelParams turn what a user did into the app's own grade.
type levelParams struct {
	Tenure float64     `json:"tenure"` // weight of log tenure in the engagement with the app
	Volume float64     `json:"volume"` // weight of log impressions in the grade's score
	Clicky float64     `json:"clicky"` // pull of frequent clickers towards the middle grades
	Shift  float64     `json:"shift"`  // and their shift
	Share  [11]float64 `json:"share"`  // relative number of users by grade
	Cut    [10]float64 `json:"cut"`    // scores between the grades
}

// cardParams are the catalogue of cards.
type cardParams struct {
	PerUser     float64   `json:"per_user"`      // cards a user of the sample
	Age         quantiles `json:"age"`           // days from publication to 31 November
	Pictures    float64   `json:"pictures"`      // share of type 1
	NoContent   float64   `json:"no_content"`    // share without a content
	NoTalk      float64   `json:"no_talk"`       // share without a topic
	TopTalk     float64   `json:"top_talk"`      // share of the most used topic
	Original    float64   `json:"original"`      // share whose song and artist are the placeholder
	WeightSD    float64   `json:"weight_sd"`     // spread of log exposure between cards
	WeightCap   float64   `json:"weight_cap"`    // log exposure, over a card of mean log exposure, that no card passes
	WeightEdge  float64   `json:"weight_edge"`   // how abruptly that bound is reached
	DaySD       float64   `json:"day_sd"`        // spread of log exposure of a card between days
	Life        float64   `json:"life"`          // power at which exposure falls with age
	Young       float64   `json:"young"`         // days for which a new card keeps most of its exposure
	Merit       float64   `json:"merit"`         // correlation of a card's log exposure with its log appeal: what the app learned to show
	ContentLift float64   `json:"content_lift"`  // of log appeal, of cards of the contents that are clicked most
	FrontPower  float64   `json:"front_power"`   // how much steeper the first page chooses
	DeepPower   float64   `json:"deep_power"`    // how much flatter the pages below choose
	AppPerShown float64   `json:"app_per_shown"` // impressions in the whole app for each one of the sample
	AppClick    float64   `json:"app_click"`     // pooled click-through rate of the whole app
}

// creatorParams are the creators.
type creatorParams struct {
	PerUser   float64     `json:"per_user"`   // creators a user of the sample
	CardsTail float64     `json:"cards_tail"` // tail index of cards a creator
	Months    quantiles   `json:"months"`     // months since registration
	Follows   quantiles   `json:"follows"`    // accounts followed
	Followers quantiles   `json:"followers"`  // followers
	NoGender  float64     `json:"no_gender"`  // share with gender null
	Present   float64     `json:"present"`    // share of creator-days that have a row
	Publish   float64     `json:"publish"`    // share of creator-days that publish
	PublishSD float64     `json:"publish_sd"` // spread of log publishing rate between creators
	CountTail float64     `json:"count_tail"` // tail index of cards published on such a day
	Bulk      float64     `json:"bulk"`       // share of such days on which cards are published in bulk, four or more
	BulkTail  float64     `json:"bulk_tail"`  // tail index of their number
	Level     [11]float64 `json:"level"`      // relative number by grade
}

// parseParams reads a parameters file; every field must be there and no other.
func parseParams(b []byte) (*params, error) {
	p := new(params)
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.DisallowUnknownFields()
	if err := dec.Decode(p); err != nil {
		return nil, fmt.Errorf("village: parameters.json: %w", err)
	}
	return p, nil
}

// clone copies p and all that it holds.
func (p *params) clone() (*params, error) {
	b, err := json.Marshal(p)
	if err != nil {
		return nil, fmt.Errorf("village: %w", err)
	}
	return parseParams(b)
}

// defaultParams returns the parameters that come with the package.
func defaultParams() (*params, error) { return parseParams(parametersJSON) }
