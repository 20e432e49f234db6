"""Make oslo.db's writers on SQLite wait for each other instead of failing.

SQLite lets a transaction begin as a reader and refuses at once, with
"database is locked", when it then wants to write while another one does: the
busy timeout does not apply, for waiting could never help.  OpenStack's
services, made for servers with row locks, read and write in one transaction
all the time.  So a transaction that is *declared* a writer must take the
write lock when it begins, with BEGIN IMMEDIATE; then the timeout applies.
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

    # oslo.db knows whether the outermost block is a reader or a writer only
    # here, where it opens the connection; it offers no hook, hence the patch.
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

    # oslo.db emits a literal BEGIN for SQLite; this is where to change it.
    @event.listens_for(sqlalchemy.Engine, "before_cursor_execute", retval=True)
    def _begin(conn, cursor, statement, parameters, context, executemany):
        if (
            statement == "BEGIN"
            and conn.dialect.name == "sqlite"
            and conn.get_execution_options().get(_OPTION)
        ):
            statement = "BEGIN IMMEDIATE"
        return statement, parameters
