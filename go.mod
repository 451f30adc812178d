module github.com/seguefeed/segue

go 1.26
