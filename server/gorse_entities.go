package server

// Users and items in the Gorse interface. What a client of Gorse cannot speak of (a user's age, an item's creator, ...) stays as it was when it overwrites the rest.

import (
	"errors"
	"slices"

	"github.com/seguefeed/segue/stream"
)

// userEvent has u take the place of what the interface knows of the user.
func (c *gorseCall) userEvent(u *gorseUser, id string) (stream.Event, error) {
	profile := stream.Profile{}
	switch old, _, err := c.b.Profile(c.r.Context(), u.UserId); {
	case err == nil:
		profile = *old
	case !errors.Is(err, ErrUnknownUser):
		return stream.Event{}, err
	}
	profile.Labels = labels(u.Labels)
	return stream.Event{ID: id, Kind: stream.User, AtMS: c.now().UnixMilli(), User: u.UserId, Profile: &profile, Comment: u.Comment}, nil
}

// itemEvent has i take the place of what the interface knows of the item, but for the moment of publication where i has none: an item that is sent again is not new.
func (c *gorseCall) itemEvent(i *gorseItem, id string) (stream.Event, error) {
	card := stream.Card{}
	switch old, _, err := c.b.Card(c.r.Context(), i.ItemId); {
	case err == nil:
		card = *old
	case !errors.Is(err, ErrUnknownItem):
		return stream.Event{}, err
	}
	if i.Timestamp.set {
		card.PublishedMS = i.Timestamp.publishedMS()
	}
	card.Categories, card.Hidden, card.Labels = i.Categories, i.IsHidden, labels(i.Labels)
	return c.cardEvent(i.ItemId, &card, i.Comment, id), nil
}

func (c *gorseCall) cardEvent(key string, card *stream.Card, comment, id string) stream.Event {
	return stream.Event{ID: id, Kind: stream.Item, AtMS: c.now().UnixMilli(), Item: key, Card: card, Comment: comment}
}

// storeUsers stores rows, whose first event has the index first.
func (c *gorseCall) storeUsers(rows []gorseUser, first int, name func(i int) string) error {
	keys := make([]string, len(rows))
	for k := range rows {
		keys[k] = rows[k].UserId
	}
	defer c.change.lock(keys...)()
	events := make([]stream.Event, len(rows))
	for k := range rows {
		var err error
		if events[k], err = c.userEvent(&rows[k], c.eventID(first+k)); err != nil {
			return err
		}
	}
	return c.store(c.r.Context(), events, name)
}

func (c *gorseCall) storeItems(rows []gorseItem, first int, name func(i int) string) error {
	keys := make([]string, len(rows))
	for k := range rows {
		keys[k] = rows[k].ItemId
	}
	defer c.change.lock(keys...)()
	events := make([]stream.Event, len(rows))
	for k := range rows {
		var err error
		if events[k], err = c.itemEvent(&rows[k], c.eventID(first+k)); err != nil {
			return err
		}
	}
	return c.store(c.r.Context(), events, name)
}

func (c *gorseCall) postUser() error {
	var row gorseUser
	if err := c.decode(&row); err != nil {
		return err
	}
	if err := c.storeUsers([]gorseUser{row}, 0, noName); err != nil {
		return err
	}
	return c.affected(1)
}

func (c *gorseCall) postUsers() error {
	rows, err := decodeRows[gorseUser](c, gorseMaxRows)
	if err != nil {
		return err
	}
	if err := c.storeUsers(rows, 0, rowName); err != nil {
		return err
	}
	return c.affected(len(rows))
}

func (c *gorseCall) postItem() error {
	var row gorseItem
	if err := c.decode(&row); err != nil {
		return err
	}
	if err := c.storeItems([]gorseItem{row}, 0, noName); err != nil {
		return err
	}
	return c.affected(1)
}

func (c *gorseCall) postItems() error {
	rows, err := decodeRows[gorseItem](c, gorseMaxRows)
	if err != nil {
		return err
	}
	if err := c.storeItems(rows, 0, rowName); err != nil {
		return err
	}
	return c.affected(len(rows))
}

func (c *gorseCall) getUser() error {
	key := c.r.PathValue("user")
	profile, comment, err := c.b.Profile(c.r.Context(), key)
	if err != nil {
		return err
	}
	return c.json(userOf(key, profile.Labels, comment))
}

func (c *gorseCall) getItem() error {
	key := c.r.PathValue("item")
	card, comment, err := c.b.Card(c.r.Context(), key)
	if err != nil {
		return err
	}
	return c.json(itemOf(key, card, comment))
}

func (c *gorseCall) getUsers() error {
	cursor, n, err := c.cursor()
	if err != nil {
		return err
	}
	users, next, err := c.users(cursor, n)
	if err != nil {
		return err
	}
	return c.json(struct {
		Cursor string
		Users  []gorseUser
	}{cursorText(next), users})
}

// users lists users; none, and no cursor, where n is 0.
func (c *gorseCall) users(cursor string, n int) (rows []gorseUser, next string, err error) {
	rows = []gorseUser{}
	if n == 0 {
		return rows, "", nil
	}
	views, next, err := c.b.Users(c.r.Context(), "", cursor, n)
	for k := range views {
		rows = append(rows, userOf(views[k].User, views[k].Labels, views[k].Comment))
	}
	return rows, next, err
}

func (c *gorseCall) getItems() error {
	cursor, n, err := c.cursor()
	if err != nil {
		return err
	}
	items, next, err := c.items(c.query.Get("q"), cursor, n)
	if err != nil {
		return err
	}
	return c.json(struct {
		Cursor string
		Items  []gorseItem
	}{cursorText(next), items})
}

func (c *gorseCall) items(q, cursor string, n int) (rows []gorseItem, next string, err error) {
	rows = []gorseItem{}
	if n == 0 {
		return rows, "", nil
	}
	views, next, err := c.b.Items(c.r.Context(), q, cursor, n)
	for k := range views {
		v := &views[k]
		rows = append(rows, itemOf(v.Item, &stream.Card{Categories: v.Categories, Hidden: v.Hidden, PublishedMS: v.PublishedMS, Labels: v.Labels}, v.Comment))
	}
	return rows, next, err
}

// patchUser changes what the patch has; null is not there, as clients write null for what they leave alone.
func (c *gorseCall) patchUser() error {
	var patch gorseUserPatch
	if err := c.decode(&patch); err != nil {
		return err
	}
	key := c.r.PathValue("user")
	defer c.change.lock(key)()
	old, comment, err := c.b.Profile(c.r.Context(), key)
	if err != nil {
		return err
	}
	row := gorseUser{key, old.Labels, comment}
	if given := labels(patch.Labels); given != nil {
		row.Labels = given
	}
	if patch.Comment != nil {
		row.Comment = *patch.Comment
	}
	event, err := c.userEvent(&row, c.eventID(0))
	if err != nil {
		return err
	}
	if err := c.store(c.r.Context(), []stream.Event{event}, noName); err != nil {
		return err
	}
	return c.affected(1)
}

func (c *gorseCall) patchItem() error {
	var patch gorseItemPatch
	if err := c.decode(&patch); err != nil {
		return err
	}
	_, err := c.changeCard(func(card *stream.Card, comment *string) bool {
		if patch.IsHidden != nil {
			card.Hidden = *patch.IsHidden
		}
		if patch.Categories != nil {
			card.Categories = patch.Categories
		}
		if patch.Timestamp.set {
			card.PublishedMS = patch.Timestamp.publishedMS()
		}
		if given := labels(patch.Labels); given != nil {
			card.Labels = given
		}
		if patch.Comment != nil {
			*comment = *patch.Comment
		}
		return true
	})
	if err != nil {
		return err
	}
	return c.affected(1)
}

// changeCard stores the item of the path as change leaves it, unless that says that nothing changed.
func (c *gorseCall) changeCard(change func(card *stream.Card, comment *string) bool) (changed bool, err error) {
	key := c.r.PathValue("item")
	defer c.change.lock(key)()
	old, comment, err := c.b.Card(c.r.Context(), key)
	if err != nil {
		return false, err
	}
	card := *old
	if !change(&card, &comment) {
		return false, nil
	}
	return true, c.store(c.r.Context(), []stream.Event{c.cardEvent(key, &card, comment, c.eventID(0))}, noName)
}

func (c *gorseCall) putCategory() error {
	category := c.r.PathValue("category")
	_, err := c.changeCard(func(card *stream.Card, _ *string) bool {
		if slices.Contains(card.Categories, category) {
			return false
		}
		card.Categories = append(slices.Clone(card.Categories), category)
		return true
	})
	if err != nil {
		return err
	}
	return c.affected(1)
}

func (c *gorseCall) deleteCategory() error {
	category := c.r.PathValue("category")
	changed, err := c.changeCard(func(card *stream.Card, _ *string) bool {
		if !slices.Contains(card.Categories, category) {
			return false
		}
		card.Categories = slices.DeleteFunc(slices.Clone(card.Categories), func(s string) bool { return s == category })
		return true
	})
	if err != nil {
		return err
	}
	if !changed {
		return c.affected(0)
	}
	return c.affected(1)
}

// deleteUser forgets the user and what she did; deleting one whom nobody knows changes nothing and is no error.
func (c *gorseCall) deleteUser() error {
	key := c.r.PathValue("user")
	defer c.change.lock(key)()
	_, _, err := c.b.Profile(c.r.Context(), key)
	return c.deleted(err, stream.Event{Kind: stream.UserDeleted, User: key})
}

func (c *gorseCall) deleteItem() error {
	key := c.r.PathValue("item")
	defer c.change.lock(key)()
	_, _, err := c.b.Card(c.r.Context(), key)
	return c.deleted(err, stream.Event{Kind: stream.ItemDeleted, Item: key})
}

// deleted stores e unless known says that there is nothing to delete.
func (c *gorseCall) deleted(known error, e stream.Event) error {
	switch {
	case errors.Is(known, ErrUnknownUser), errors.Is(known, ErrUnknownItem):
		return c.affected(0)
	case known != nil:
		return known
	}
	e.ID, e.AtMS = c.eventID(0), c.now().UnixMilli()
	if err := c.store(c.r.Context(), []stream.Event{e}, noName); err != nil {
		return err
	}
	return c.affected(1)
}
