-- enters in the list of loads how many card days the live log has
update loads set input_rows = (select count(*) from card_days where load_id = 0) where load_id = 0 and log_table = 'mlog_stats';
