"""The thin HTTP front: routes, schemas, auth, the error table. It accepts, enqueues, asks and answers."""
