package feedlog_test

import (
	"context"
	"fmt"
	"log"
	"strings"

	"github.com/seguefeed/segue/feedlog"
)

// Rows that cannot be read are handed on with where and why; the others come in batches.
func ExampleDecodeUsers() {
	file := strings.NewReader(`userId,province,age,gender,registeredMonthCnt,followCnt,level
MC,an hui,21,male,30,44,9
NC,guang dong,old,female,12,3,5
`)
	opt := feedlog.Options{Name: "user_demographics.csv", Reject: func(bad *feedlog.RowError) error {
		fmt.Println(bad)
		return nil
	}}
	stats, err := feedlog.DecodeUsers(context.Background(), file, opt, func(batch []feedlog.User) error {
		for _, u := range batch {
			fmt.Println(u.UserID, u.Province, u.Age)
		}
		return nil
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(stats.Rows, "row,", stats.Rejected, "rejected")
	// Output:
	// user_demographics.csv:3: column age: "old" is not a whole number from 0
	// MC an hui 21
	// 1 row, 1 rejected
}

// Another product's log needs a layout that says which column plays which role.
func ExampleLayout() {
	layout := &feedlog.Layout{
		Table: feedlog.Impressions, Comma: ';', Time: feedlog.TimeLocal,
		Columns: []feedlog.Column{
			{Role: feedlog.ImpressionUser, Header: "reader"}, {Role: feedlog.ImpressionCard, Header: "article"},
			{Role: feedlog.ImpressionTime, Header: "seen_at"}, {Role: feedlog.ImpressionClicked, Header: "opened"},
		},
	}
	file := strings.NewReader("seen_at;reader;article;opened\n2026-03-01 08:00:04;r1;a7;yes\n")
	_, err := feedlog.DecodeImpressions(context.Background(), file, feedlog.Options{Layout: layout}, func(batch []feedlog.Impression) error {
		fmt.Println(batch[0].UserID, batch[0].CardID, batch[0].Clicked)
		return nil
	})
	if err != nil {
		log.Fatal(err)
	}
	// Output: r1 a7 true
}
