-- one row a position and a depth of the user-day, of the days $1 to $2 (days since 1970)
select position, day_depth, count(*)::bigint as impressions, sum(flags & 1)::bigint as clicks
from impression_rows
where position is not null and day between date '1970-01-01' + $1::integer and date '1970-01-01' + $2::integer
group by position, day_depth
order by position, day_depth
