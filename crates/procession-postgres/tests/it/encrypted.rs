//! A server with a certificate: whenever the connection is encrypted, it is verified.

use std::io::Write;

use procession_postgres::ConnectError;
use procession_runtime::Store;

use crate::{
    batches::note,
    place::{client, on_a_server_of_its_own, options},
};

/// An authority, and a certificate of it for `localhost` only, made where the server keeps its data.
const CERTIFICATES: &str = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 \
    -keyout authority.key -out authority.crt -subj /CN=authority \
    && openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout server.key -out server.csr \
    -subj /CN=localhost \
    && printf subjectAltName=DNS:localhost > names \
    && openssl x509 -req -in server.csr -CA authority.crt -CAkey authority.key -CAcreateserial -days 2 \
    -extfile names -out server.crt && chmod 600 server.key";

#[tokio::test]
async fn an_encrypted_connection_is_to_the_server_that_was_meant() {
    // given a server with a certificate for `localhost`, by an authority that nobody knows
    let (server, database, store) = on_a_server_of_its_own().await;
    store.close().await.unwrap();
    let superuser = client(&database.superuser_url()).await;
    superuser.batch_execute(&format!("COPY (SELECT 1) TO PROGRAM '{CERTIFICATES}'")).await.unwrap();
    superuser.batch_execute("ALTER SYSTEM SET ssl = on").await.unwrap();
    superuser.batch_execute("SELECT pg_reload_conf()").await.unwrap();
    while client(&database.superuser_url()).await.query_one("SHOW ssl", &[]).await.unwrap().get::<_, &str>(0)
        != "on"
    {}
    let row = superuser.query_one("SELECT pg_read_file('authority.crt')", &[]).await.unwrap();
    let mut authority = tempfile::NamedTempFile::new().unwrap();
    authority.write_all(row.get::<_, &str>(0).as_bytes()).unwrap();
    let authority = authority.path().display().to_string();
    let by_number = database.url();
    let by_name = by_number.replace("127.0.0.1", "localhost");

    // when it is connected to in all these ways
    let connect = async |url: &str, query: &str| options().connect(&format!("{url}?{query}")).await;
    let trusted = connect(&by_name, &format!("sslmode=require&sslrootcert={authority}")).await;
    let unknown = connect(&by_name, "sslmode=require").await.err().unwrap();
    let preferred = connect(&by_name, "sslmode=prefer").await.err().unwrap();
    let misnamed =
        connect(&by_number, &format!("sslmode=verify-ca&sslrootcert={authority}")).await.err().unwrap();

    // then it is used only where both the authority and the name are right
    let trusted = trusted.unwrap();
    let encrypted = "SELECT count(*) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE ssl AND application_name = 'procession'";
    assert!(superuser.query_one(encrypted, &[]).await.unwrap().get::<_, i64>(0) > 0);
    trusted.commit(note("a", "1")).await.unwrap();
    for refused in [unknown, preferred, misnamed] {
        assert!(matches!(refused, ConnectError::Encryption { .. }), "{refused}");
        assert!(refused.to_string().contains("sslrootcert"), "{refused}");
    }
    assert!(connect(&by_name, "sslmode=disable").await.is_ok());
    server.kill().unwrap();
}
