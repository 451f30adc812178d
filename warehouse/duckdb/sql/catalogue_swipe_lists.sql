-- one row a swipe that followed an impression of the days $1 to $2 (days since 1970) of the users $3 to $4, those of one impression together and in order
select i.user_id, i.impression_id, i.card_id as opened, i.day, s.card_id, s.flags, coalesce(s.view_seconds, 'nan'::float)::float as view_seconds
from swipe_rows s
join impression_rows i using (impression_id)
where s.user_id between $3 and $4 and i.user_id between $3 and $4 and i.day between date '1970-01-01' + $1::integer and date '1970-01-01' + $2::integer
order by i.user_id, i.shown_at_ms, i.position, i.card_id, i.impression_id, s.swipe_no
