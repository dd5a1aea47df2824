//! Running a plan: kernels in order, values in their places, faults with the place in the source that they came from.

use super::Context;
use super::plan::{Plan, Read, Region, Step};
use crate::diag::codes::run;
use crate::ir::{Graph, KernelArgs, RunFault, Runner};
use crate::ops::run_kernel;
use crate::tensor::Tensor;
use crate::types::ArrayTy;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

impl Plan {
    /// The outputs for some arguments, in the order of the graph's. The arguments must be of the graph's types (an
    /// internal error if not). Faults of kernels come with the node's span; a panic in a worker becomes `E0901`.
    pub fn run(&self, inputs: &[Tensor], context: &Context) -> Result<Vec<Tensor>, RunFault> {
        self.run_owned(inputs.to_vec(), context)
    }

    /// The same with arguments given away: those that nobody else holds may be overwritten.
    pub fn run_owned(&self, inputs: Vec<Tensor>, context: &Context) -> Result<Vec<Tensor>, RunFault> {
        self.check_inputs(&inputs)?;
        context.install(|| {
            let mut at = None;
            let guarded = AssertUnwindSafe(|| self.execute(inputs, context, &mut at));
            catch_unwind(guarded).unwrap_or_else(|panic| Err(worker_panic(panic, at.map(|i| &self.steps[i]))))
        })
    }

    fn check_inputs(&self, inputs: &[Tensor]) -> Result<(), RunFault> {
        let fits = |(tensor, ty): (&Tensor, &ArrayTy)| {
            tensor.stores(&ty.elem, self.precision) && ty.shape().is_none_or(|shape| shape == tensor.shape())
        };
        if inputs.len() == self.input_tys.len() && inputs.iter().zip(&self.input_tys).all(fits) {
            return Ok(());
        }
        let wanted: Vec<String> = self.input_tys.iter().map(ArrayTy::to_string).collect();
        let message = format!("internal: a computation of ({}) was given other arguments", wanted.join(", "));
        Err(RunFault::new(&run::E0901, message, "this"))
    }

    /// `at` is kept at the step being run, for the report of a panic.
    fn execute(&self, inputs: Vec<Tensor>, context: &Context, at: &mut Option<usize>) -> Result<Vec<Tensor>, RunFault> {
        let mut slots: Vec<Option<Tensor>> = Vec::with_capacity(self.slots);
        slots.resize_with(self.slots, || None);
        for (input, slot) in inputs.into_iter().zip(&self.inputs) {
            if let Some(slot) = slot {
                slots[*slot as usize] = Some(input);
            }
        }
        for (index, step) in self.steps.iter().enumerate() {
            *at = Some(index);
            if context.cancelled() {
                return Err(located(RunFault::cancelled(), step));
            }
            let results = self.run_step(step, &mut slots, context).map_err(|fault| located(fault, step))?;
            for (result, slot) in results.into_iter().zip(&step.outputs) {
                if let Some(slot) = slot {
                    slots[*slot as usize] = Some(result);
                }
            }
        }
        Ok(self.outputs.iter().map(|read| self.read(*read, &mut slots)).collect())
    }

    fn run_step(&self, step: &Step, slots: &mut [Option<Tensor>], context: &Context) -> Result<Vec<Tensor>, RunFault> {
        if let Some(bytes) = step.large {
            super::room::ask(bytes, &step.output_tys)?;
        }
        let args = KernelArgs {
            inputs: step.inputs.iter().map(|read| self.read(*read, slots)).collect(),
            input_tys: step.input_tys.iter().collect(),
            attrs: &step.attrs,
            output_tys: &step.output_tys,
            precision: self.precision,
            runner: &StepRunner { regions: &step.regions, context },
        };
        let results = run_kernel(step.op, args)?;
        debug_assert!(
            results.iter().zip(&step.output_tys).all(|(result, ty)| {
                result.stores(&ty.elem, self.precision) && ty.shape().is_some_and(|s| s == result.shape())
            }),
            "{} gave shapes {:?} for {:?}",
            step.op.name,
            results.iter().map(|r| r.shape().to_vec()).collect::<Vec<_>>(),
            step.output_tys
        );
        Ok(results)
    }

    fn read(&self, read: Read, slots: &mut [Option<Tensor>]) -> Tensor {
        match read {
            Read::Constant(index) => self.constants[index as usize].clone(),
            Read::Share(slot) => slots[slot as usize].clone().expect("internal: an empty place is read"),
            Read::Take(slot) => slots[slot as usize].take().expect("internal: an empty place is read"),
        }
    }
}

/// Runs the regions of one step.
struct StepRunner<'a> {
    regions: &'a [Region],
    context: &'a Context,
}

impl Runner for StepRunner<'_> {
    fn run(&self, region: &Arc<Graph>, inputs: Vec<Tensor>) -> Result<Vec<Tensor>, RunFault> {
        match self.regions.iter().find(|known| Arc::ptr_eq(&known.graph, region)) {
            Some(known) => known.plan()?.execute(inputs, self.context, &mut None),
            None => Plan::new(region)?.execute(inputs, self.context, &mut None),
        }
    }

    fn cancelled(&self) -> bool {
        self.context.cancelled()
    }
}

fn located(mut fault: RunFault, step: &Step) -> RunFault {
    fault.span = fault.span.or(Some(step.span));
    fault
}

fn worker_panic(panic: Box<dyn std::any::Any + Send>, step: Option<&Step>) -> RunFault {
    let text = panic.downcast_ref::<String>().cloned();
    let text = text.or_else(|| panic.downcast_ref::<&str>().map(|s| s.to_string())).unwrap_or_default();
    let mut fault = RunFault::new(&run::E0901, format!("a computation broke off: {text}"), "while computing this");
    fault.span = step.map(|step| step.span);
    fault.help("this is a fault of Loss, not of the program; please report it with the program that shows it")
}
