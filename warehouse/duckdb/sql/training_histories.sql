-- one row an impression of the days $1 to $2 (days since 1970) of the users $3 to $4
select i.user_id, i.card_id, i.shown_at_ms, i.day, coalesce(i.position, -1)::integer as position, i.show_no, i.flags,
    coalesce(i.view_seconds, 'nan'::float)::float as view_seconds, coalesce(i.swipes, 0)::integer as swipes, coalesce(s.view_seconds, 0)::float as swipe_view_seconds
from impression_rows i
left join (
    select impression_id, sum(view_seconds) as view_seconds from swipe_rows where user_id between $3 and $4 group by impression_id
) s using (impression_id)
where i.user_id between $3 and $4 and i.day between date '1970-01-01' + $1::integer and date '1970-01-01' + $2::integer
