-- takes out the settings that every load states anew
delete from settings where name in ('zone', 'month', 'shift_days');
