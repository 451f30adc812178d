-- one row a content category
select content_id, content_key, coalesce(level1, -1)::integer as level1, coalesce(level2, -1)::integer as level2, coalesce(level3, -1)::integer as level3
from contents
