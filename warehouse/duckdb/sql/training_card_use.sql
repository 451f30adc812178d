-- one row a card and day of the days $1 to $2 (days since 1970) on which it was shown
select card_id, day, count(*)::integer as impressions, sum(flags & 1)::integer as clicks
from impression_rows
where day between date '1970-01-01' + $1::integer and date '1970-01-01' + $2::integer
group by card_id, day
