package feedlog

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"
)

// BenchmarkDecodeImpressions reads 300,000 rows of which 1.2% carry a list of eight swipes, as in the reference files.
func BenchmarkDecodeImpressions(b *testing.B) {
	entry := "{'isZan': '0', 'isComment': '0', 'mlogId': 'KCKCMCLCMCOCOC', 'isIntoPersonalHomepage': '0', 'mlogViewTime': '1.44', 'isShare': '0', 'isViewComment': '0', 'position': '7', 'logtime': '1574684787000'}"
	list := "[" + strings.Repeat(entry+", ", 7) + entry + "]"
	const rows = 300_000
	for _, form := range []string{"quoted", "bare"} {
		var text bytes.Buffer
		text.WriteString(impressionHeader + "\n")
		for i := range rows {
			nested := "NA"
			if i%83 == 0 {
				if nested = list; form == "quoted" {
					nested = quoted(list)
				}
			}
			fmt.Fprintf(&text, "%s,29,1,1574980776000,0,0,0,0,0,0,NCLCPCJCOCGCJC,NA,PCNCGCGCLCOCOCOCJCGC\n", nested)
		}
		for _, workers := range []int{1, 2} {
			b.Run(fmt.Sprintf("%s/rows=%d/workers=%d", form, rows, workers), func(b *testing.B) {
				b.SetBytes(int64(text.Len()))
				b.ReportAllocs()
				for b.Loop() {
					stats, err := DecodeImpressions(context.Background(), bytes.NewReader(text.Bytes()), Options{Workers: workers}, func([]Impression) error { return nil })
					if err != nil || stats.Rows != rows {
						b.Fatalf("%d rows, %v", stats.Rows, err)
					}
				}
			})
		}
	}
}
