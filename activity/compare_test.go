package activity

import (
	"fmt"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/seguefeed/segue/village"
)

func TestXX(t *testing.T) {
	n, _ := strconv.Atoi(os.Getenv("N"))
	lives, _ := strconv.Atoi(os.Getenv("L"))
	for seed := uint64(21); seed < 23; seed++ {
		b := time.Now()
		h, err := found(village.Config{Users: n, Seed: seed})
		if err != nil {
			t.Fatal(err)
		}
		fmt.Println("found", time.Since(b))
		entries, _ := Entries([]string{"logistic regression", "boosting", "forest", "network"}, 1)
		c, err := Compare(t.Context(), h.w, h.set, CompareOptions{Models: entries, Seed: 1, Truth: h.truth(lives)})
		if err != nil {
			t.Fatal(err)
		}
		fmt.Println(time.Since(b), c.Train, c.Test)
		for _, m := range c.Models {
			fmt.Println(m.Name, m.AUC, m.ECE, m.FitSeconds)
		}
		fmt.Println(*c.Ceiling)
		h.close()
	}
}
