use std::{any::type_name, sync::Arc};

use crate::{
    Engine, Module, ProcessMap,
    wiring::{self, WiringErrors},
};

/// All modules of a program, put together and found to fit.
///
/// ```
/// # extern crate procession_core as procession;
/// use procession::{Application, Module, doc::CleanRoom};
///
/// let hotel = Application::assemble([Module::named("rooms").handles::<CleanRoom>()])?;
/// assert!(hotel.map().to_text().contains("CleanRoom"));
/// # Ok::<(), procession::WiringErrors>(())
/// ```
#[derive(Clone)]
pub struct Application {
    engine: Arc<Engine>,
    map: Arc<ProcessMap>,
}

impl Application {
    /// Puts modules together.
    ///
    /// # Errors
    /// All wiring mistakes at once: a command that nobody handles, two handlers of one command, an event that
    /// nobody records, a name used twice. Each names the types and the fix.
    pub fn assemble(modules: impl IntoIterator<Item = Module>) -> Result<Self, WiringErrors> {
        let modules: Vec<Module> = modules.into_iter().collect();
        let map = ProcessMap::of(&modules);
        wiring::check(&modules, &map)?;
        Ok(Self { engine: Arc::new(Engine::of(&modules)), map: Arc::new(map) })
    }

    /// The engine that runs the handlers.
    #[must_use]
    pub fn engine(&self) -> &Arc<Engine> {
        &self.engine
    }

    /// The process map, read from the handlers' signatures.
    #[must_use]
    pub fn map(&self) -> &ProcessMap {
        &self.map
    }
}

impl std::fmt::Debug for Application {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct(type_name::<Self>()).field("map", &self.map).finish_non_exhaustive()
    }
}
