-- counts the repeats of each user's days anew, for the users of load_number_shows.sql
update user_days
set repeats = counted.repeats, repeat_clicks = counted.repeat_clicks
from (
    select brought.load_id, user_id, day, count(*) filter (show_no > 1) as repeats, count(*) filter (show_no > 1 and flags & 1 > 0) as repeat_clicks
    from impression_rows
    join (select distinct load_id, first_impression, end_impression from loads where log_table = 'impression_data') as brought
        on impression_id >= first_impression and impression_id < end_impression
    where user_id >= $1 and user_id < $2 and ($3 = 0 or user_id in (select user_id from user_days where load_id = $3))
    group by all
) as counted
where user_days.load_id = counted.load_id and user_days.user_id = counted.user_id and user_days.day = counted.day
    and (user_days.repeats <> counted.repeats or user_days.repeat_clicks <> counted.repeat_clicks);
