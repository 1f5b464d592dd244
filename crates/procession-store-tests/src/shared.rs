use std::{ops::Deref, sync::Arc};

use procession_runtime::Store;

use crate::Settings;

/// A kind of store that several nodes can share, for the cases about nodes.
///
/// An implementation owns what the store lies in, and removes it when dropped.
pub trait SharedStoreUnderTest: Sized + Send + Sync + 'static {
    /// The store, as one node has it. It offers [`Store::nodes`].
    type Store: Store + Clone;

    /// Creates an empty store.
    fn create(settings: Settings) -> impl Future<Output = Self> + Send;

    /// Opens it as the process of one more node does.
    fn open(&self) -> impl Future<Output = Self::Store> + Send;
}

/// The place of a store, for all its nodes.
pub(crate) struct Shared<U>(Arc<U>);

impl<U> Clone for Shared<U> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<U> Deref for Shared<U> {
    type Target = U;

    fn deref(&self) -> &U {
        &self.0
    }
}

impl<U: SharedStoreUnderTest> Shared<U> {
    pub(crate) async fn create() -> Self {
        Self(Arc::new(U::create(Settings::default()).await))
    }
}
