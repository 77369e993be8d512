mkfs
