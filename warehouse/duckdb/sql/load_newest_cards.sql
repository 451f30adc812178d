-- takes out cards' rows that a later load has a newer row for
delete from cards
where exists (select 1 from cards as newer where newer.card_id = cards.card_id and newer.load_id > cards.load_id);
