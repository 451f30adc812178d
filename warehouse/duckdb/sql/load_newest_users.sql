-- takes out users' rows that a later load has a newer row for
delete from users
where exists (select 1 from users as newer where newer.user_id = users.user_id and newer.load_id > users.load_id);
