-- one row an artist
select artist_id, artist_key
from artists
order by artist_id
