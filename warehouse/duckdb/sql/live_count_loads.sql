-- adds $1 rows, at $2 (milliseconds since 1970), to the live log's line of the list of loads for table $3: 1 impressions, 2 users, 3 cards, 4 card days
update loads set input_rows = input_rows + $1, loaded_at = epoch_ms($2::bigint)
where load_id = 0 and log_table = ['impression_data', 'user_demographics', 'mlog_demographics', 'mlog_stats'][$3];
