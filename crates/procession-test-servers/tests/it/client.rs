use tokio_postgres::{Client, Error, NoTls};

/// A connection whose end shows in what its client answers.
pub(crate) async fn connect(url: &str) -> Result<Client, Error> {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
    tokio::spawn(connection);
    Ok(client)
}

/// The first column of the first row, as text.
pub(crate) async fn ask(client: &Client, statement: &str) -> Result<String, Error> {
    let rows = client.query(statement, &[]).await?;
    Ok(rows[0].get(0))
}

/// Makes a table with one column.
pub(crate) async fn make_a_table(client: &Client) {
    client.batch_execute("CREATE TABLE guest (room bigint)").await.unwrap();
}

pub(crate) async fn count(client: &Client) -> Result<String, Error> {
    ask(client, "SELECT count(*)::text FROM guest").await
}
