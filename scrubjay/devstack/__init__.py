"""Parts that run on a laptop what docker-compose runs in production, over the same sockets."""
