// Package village simulates a population of users, cards and creators whose true tastes and habits are known, and writes
// the log that their month in the feed leaves behind: the six files of the reference distribution, and beside them the
// truth, which no real log tells.
//
// # The model
//
// Names in this type are parameters, in parameters.json; logit(p) = log(p/(1-p)); N is a standard normal number drawn
// anew wherever it stands; sat(x, c) = x/(1 + x/c) bends x so that it stays below c. The N of keenness, visits, depth,
// clicks and engagement, and the draws of tenure and province, come from a lattice that spreads users evenly (lattice.go): a village of
// 200,000 is then as like the next as one of a million with independent draws.
//
// Users. Province, tenure, gender, age and the number of followed accounts are drawn from people. One hidden number,
// keenness k = N, ties together how often a user comes, whether she browses and how far:
//
//	shift    = people.keen of her province, gender, age and tenure (linear between knots)
//	visits   = sat(exp(arrival.visit_mu + visit_sd N + visit_keen k + visit_tail max(0, k-1) + visit_new exp(-months/6)), visit_cap)
//	appetite = logit^-1(appetite.mu + appetite.sd k + shift)
//	depth    = sat(exp(appetite.depth_mu + depth_sd N + depth_keen k), depth_cap)
//	click    = exp(click.mu + click.sd N + click.volume k + click.deep N' + click.engaged e + engaged_bend e^2 + engaged_twist e^3 + click.tenure(months))
//
// visits is the mean number of visits after the first, appetite the chance that a visit becomes browsing, depth the mean
// number of screens below the first page, click the chance of a click on a card of mean appeal in full view. All four are
// lognormal or nearly so: heavy tails come from there. click.sd is small beside the spread of visits and depth: users
// differ in volume far more than in rate, and their tastes add less still.
//
// Arrivals. A user comes 1 + Poisson(visits) times; each visit falls on the day of the one before it with chance
// arrival.same_day, else on a day by the curve arrival.day, which holds weekdays; its hour is by the curve arrival.hour.
//
// The first page. Three or four cards in sight (page.four), their slots counted from 0 or 1 (page.start_zero), both a
// habit of the user's device or drawn at each visit (page.habit), at times by both of the two columns, so that each slot
// appears twice (page.streams). A visit in passing on a later day meets the page that was kept from the last one with
// chance page.reshow: these are the repeats, at the same positions.
//
// Browsing. With chance appetite the visit becomes browsing. It has a mood m = N:
//
//	mean = depth exp(appetite.visit_sd (m - visit_sd/2))      screens below the first page
//	on   = mean/(1 + mean)                                    chance of another screen after each
//	lift = exp(click.mood (m - mood/2))                       on every click chance of the visit; 1 in passing
//
// A screen holds one to four cards (page.screen); slots are scrolled past unseen with chance page.skip. A card below is
// one she was not shown this month, as far as forty draws find one.
//
// Clicks. For the card in slot s, counted from 0 at the top:
//
//	examination = floor + (1-floor) exp(-s/decay)             browsing
//	            = glance_top exp(-glance_fall s)              in passing
//	match       = exp(taste . topic - norm)                   mean 1 over users for each card
//	chance      = examination x click x lift x appeal x match x fatigue^(earlier shows), at most .98
//
// taste is 7 normal numbers and one leaning towards what newcomers like, 2 exp(-months/6) - 1/2; topic lies around that
// of the card's content, scaled so that log match has spread click.taste_sd; log appeal is normal with spread appeal_sd,
// and higher for the contents that are clicked most (cards.content_lift); appeals are scaled so that their mean over what
// browsers are shown is 1.
//
// After a click. View time is lognormal (view_median, view_sd), null with chance no_view. Likes and readings of comments
// have chances exp(a + b e + c e^2 + d e^3) of the engagement e with the app as a whole; comments, shares, visits to the creator
// have constant ones. With chance swipe a swipe session follows, of round(exp(swipe_mu + swipe_sd N)) cards, with view
// times and actions of their own.
//
// Level. The app's own grade, measured after the month, is a score cut where it gives the published shares:
//
//	e     = level.tenure z(log(1+months)) + sqrt(1 - tenure^2) N
//	score = (e + volume log(impressions/8) + .35 N) (1 - clicky f) + shift f,   f = 1 - exp(-clicks/3)
//
// Cards. A card is alive from its publication day on. Its exposure is drawn by a daily lottery with weights
//
//	x = exp(cards.weight_sd (merit a + sqrt(1-merit^2) N))
//	w = x (1 + (x/exp(weight_cap))^weight_edge)^(-1/weight_edge) exp(day_sd N) (1 + age/young)^-life
//
// where a is its standardised log appeal: the app has learned, to the degree merit, to show what is clicked. First pages
// draw by w^front_power, screens below by w^deep_power. The daily statistics count the sample's own impressions and a
// Poisson number from the rest of the app, app_per_shown for each expected one of the sample. New cards appear daily.
//
// Creators own cards in proportion to Pareto weights (creators.cards_tail); each publishes on a day with a rate of its
// own, lognormal, one card or a Pareto number, at times in bulk.
//
// # Calibration
//
// Fit moves the parameters towards the published figures in targets.json; Check holds a village against them.
// docs/ARCHITECTURE.md says which figures the model does not meet, and why.
package village
