-- one row a combination of impressions, clicks and swipes, and how many users have it
select impressions, clicks, swipes, count(*)
from user_totals
group by impressions, clicks, swipes
order by impressions, clicks, swipes;
