-- one row a user of live_touched: about how many rows there are of her to read
select t.user_id, (coalesce(any_value(u.impressions), 0) + count(e.user_id))::bigint as n
from live_touched t
left join user_totals u on u.user_id = t.user_id
left join live_events e on e.user_id = t.user_id
group by t.user_id
order by t.user_id;
