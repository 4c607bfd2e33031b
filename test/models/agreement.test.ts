import { checkModels, subjects } from '../support/model_checks.js'

checkModels(undefined, subjects)
