"""What suggestions and readers are worth here: plain functions, arrays in, figures out.

Cells of one patient are alike: the same stain, the same light, the same disease. An interval that
takes a hundred of them for a hundred independent trials is too narrow. So every function here
takes the block a cell belongs to (its patient), and lets whole blocks vary:

* `proportions`: shares such as sensitivity, with the exact interval on the effective number of
  cells; predictive values at a stated prevalence, on the logit scale.
* `agreement`: Cohen's kappa.
* `ranking`: the ROC curve with its band, and the area under it.
* `reliability`: whether probabilities come true.
* `drift`: whether this week's cells and pictures are still like those the model was verified on.
  `weekly` and `weeks` hold each week against that.

`cells` has read cells as columns, `blocks` how whole blocks vary. `accuracy` and `workload` are
what the pages show; `lines`, `sentences`, `drawn` and `listed` how: a line of a table, a sentence,
a picture, rows for a spreadsheet.

With every cell a block of its own each agrees with the textbook: Clopper and Pearson, Fleiss, Cohen
and Everitt, DeLong. Where there is too little to say anything, `minimum` says how much is missing.
No database and no page in here.
"""
