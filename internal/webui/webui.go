// Package webui holds what pages need in a browser, embedded so that they work without a network: a vendored chart
// library, and our own style and script.
package webui

import _ "embed"

// ECharts is Apache ECharts, minified; README.md says which version.
//
//go:embed assets/echarts.min.js
var ECharts string

// ReportCSS and ReportJS are the report's style and script.
//
//go:embed assets/report.css
var ReportCSS string

//go:embed assets/report.js
var ReportJS string
