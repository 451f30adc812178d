-- one row a song
select song_id, song_key
from songs
order by song_id
