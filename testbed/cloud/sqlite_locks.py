"""Make oslo.db's writers on SQLite wait for each other instead of failing.

If a SQLite transaction starts as a reader and then writes while another one
does, it fails at once with "database is locked": the busy timeout does not
apply, because waiting cannot help.  OpenStack's services, written for servers
with row locks, often read and write in one transaction.  A transaction that
is *declared* a writer must therefore take the write lock at its start, with
BEGIN IMMEDIATE; then the timeout applies.
"""

import sqlalchemy
from oslo_db.sqlalchemy import enginefacade
from sqlalchemy import event

_OPTION = "sqlite_begin_immediate"


def install() -> None:
    """Patch oslo.db's transaction factory; once per process."""
    factory = enginefacade._TransactionFactory
    create_connection = factory._create_connection
    create_session = factory._create_session

    def writer(self):
        return self.get_writer_engine().execution_options(**{_OPTION: True})

    # This is the only place in oslo.db that knows whether the outermost block
    # is a reader or a writer. It has no hook, hence the patch.
    def _create_connection(self, mode):
        if mode is enginefacade._WRITER:
            return writer(self).connect()
        return create_connection(self, mode)

    def _create_session(self, mode, bind=None):
        if mode is enginefacade._WRITER and bind is None:
            bind = writer(self)
        return create_session(self, mode, bind)

    factory._create_connection = _create_connection
    factory._create_session = _create_session

    # oslo.db emits a literal BEGIN for SQLite, which is replaced here.
    @event.listens_for(sqlalchemy.Engine, "before_cursor_execute", retval=True)
    def _begin(conn, cursor, statement, parameters, context, executemany):
        if (
            statement == "BEGIN"
            and conn.dialect.name == "sqlite"
            and conn.get_execution_options().get(_OPTION)
        ):
            statement = "BEGIN IMMEDIATE"
        return statement, parameters
