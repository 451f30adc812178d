-- one row a loaded file
select log_table, file, input_rows, rejected, absent_roles, loaded_at
from loads
order by load_id, log_table, file;
