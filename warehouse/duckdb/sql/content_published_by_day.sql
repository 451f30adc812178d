-- one row a day: creators, creators who published, cards they published
select day, count(*), count(*) filter (published > 0), sum(published)::bigint
from creator_days
group by day
order by day;
