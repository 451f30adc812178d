-- numbers the shows of each card to a user over all loads, for users from $1 to before $2 of whom load $3 brought rows (all of them where $3 is 0)
update impression_rows
set show_no = least(counted.show_no, 32767)
from (
    select impression_id, row_number() over (partition by user_id, card_id order by shown_at_ms, impression_id) as show_no
    from impression_rows
    where user_id >= $1 and user_id < $2 and ($3 = 0 or user_id in (select user_id from user_days where load_id = $3))
) as counted
where impression_rows.impression_id = counted.impression_id and impression_rows.user_id >= $1 and impression_rows.user_id < $2
    and impression_rows.show_no <> least(counted.show_no, 32767);
