"""What pages share. Knows no context: who may enter, forms, refusals, headers, paging."""
