-- empties the totals before they are made anew
delete from user_totals;
