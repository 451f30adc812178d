-- takes out creators' rows that a later load has a newer row for
delete from creators
where exists (select 1 from creators as newer where newer.creator_id = creators.creator_id and newer.load_id > creators.load_id);
